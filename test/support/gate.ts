// A door before a server, which can be shut: connections are refused or cut while it is.
import { createServer, connect, type Socket } from 'node:net';
import { once } from 'node:events';

export interface Gate {
  /** The address of the server behind it, by way of the door. */
  url(of: string): string;
  /** Cuts the next so many connections as soon as they are made. */
  refuse(connections: number): void;
  /** Connections that came through, and those that were cut. */
  readonly passed: () => number;
  readonly refused: () => number;
  end(): Promise<void>;
}

export async function gateBefore(server: string): Promise<Gate> {
  const { hostname, port } = new URL(server);
  let toRefuse = 0;
  let passed = 0;
  let refused = 0;
  const open = new Set<Socket>();
  const door = createServer((socket) => {
    open.add(socket);
    socket.on('close', () => open.delete(socket));
    socket.on('error', () => undefined);
    if (toRefuse > 0) {
      toRefuse--;
      refused++;
      socket.destroy();
      return;
    }
    passed++;
    const behind = connect(Number(port), hostname);
    behind.on('error', () => socket.destroy());
    socket.on('close', () => behind.destroy());
    behind.on('close', () => socket.destroy());
    socket.pipe(behind).pipe(socket);
  }).listen(0, '127.0.0.1');
  await once(door, 'listening');
  const address = door.address();
  if (address === null || typeof address === 'string') throw new Error('the door has no port');
  return {
    url(of) {
      const through = new URL(of);
      through.hostname = '127.0.0.1';
      through.port = String(address.port);
      return through.href;
    },
    refuse(connections) {
      toRefuse = connections;
    },
    passed: () => passed,
    refused: () => refused,
    async end() {
      for (const socket of open) socket.destroy();
      door.close();
      await once(door, 'close');
    },
  };
}
