// Stops the server that the set-up started, and removes its files.
export default async function tearDown(): Promise<void> {
  await globalThis.portageTestServer?.stop();
}
