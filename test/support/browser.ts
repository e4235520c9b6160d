// A headless Chromium out of npm packages alone, so that a machine needs no browser of its own and no network.
import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { chromium, type Browser } from 'playwright-core';

const UNPACK = fileURLToPath(new URL('browser/unpack.ts', import.meta.url));

export interface StartedBrowser {
  readonly browser: Browser;
  end(): Promise<void>;
}

/** The libraries that the package brings are those of Amazon Linux 2023. */
const LEAST_GLIBC = 2.34;

/** Why no browser can start on this machine at all; `null` where one must. */
export function whyNoBrowser(): string | null {
  const { platform, arch } = process;
  if (platform !== 'linux' || arch !== 'x64') return `there is no packed Chromium for ${platform} ${arch}`;
  const { header } = process.report.getReport() as { readonly header: { readonly glibcVersionRuntime?: string } };
  const glibc = header.glibcVersionRuntime;
  return Number(glibc) >= LEAST_GLIBC
    ? null
    : `the packed Chromium needs glibc ${LEAST_GLIBC}, here is ${glibc ?? 'none'}`;
}

/** Takes about two seconds: 200 MB are unpacked, and away at the end. */
export async function startBrowser(): Promise<StartedBrowser> {
  const folder = await mkdtemp(join(tmpdir(), 'portage-browser-'));
  const remove = (): Promise<void> => rm(folder, { recursive: true, force: true });
  try {
    // As on Lambda, where nothing is installed: the package brings libraries and fonts.
    const lambda = { ...process.env, TMPDIR: folder, AWS_EXECUTION_ENV: 'AWS_Lambda_nodejs24.x' };
    const { stdout } = await promisify(execFile)(process.execPath, [UNPACK], { env: lambda });
    // Its own configuration of fonts says /tmp. With one font the page is the same on every machine.
    const fonts = join(folder, 'fonts.conf');
    await writeFile(
      fonts,
      `<fontconfig><dir>${join(folder, 'fonts')}</dir><cachedir>${folder}</cachedir></fontconfig>`,
    );
    const browser = await chromium.launch({
      executablePath: stdout,
      // The sandbox is for pages of strangers; it does not start as root.
      chromiumSandbox: false,
      env: {
        ...process.env,
        HOME: folder,
        FONTCONFIG_FILE: fonts,
        LD_LIBRARY_PATH: join(folder, 'al2023', 'lib'),
      },
    });
    return {
      browser,
      end: async () => {
        await browser.close();
        await remove();
      },
    };
  } catch (error) {
    await remove();
    throw error;
  }
}
