import { createHash } from 'node:crypto';
import { mkdir } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Longest path of a unix socket on Linux: `sun_path` of unix(7) less its closing zero byte. */
const LONGEST_SOCKET_PATH = 107;

/**
 * The folder for the sockets of `directory`'s service, made with mode 0700: the folder itself where the path fits into a
 * socket address, else a short one below the system's temporary folder, always the same for the same `directory`.
 */
export async function prepareSocketDirectory(directory: string, longestName: string): Promise<string> {
  const fits = join(directory, longestName).length <= LONGEST_SOCKET_PATH;
  const digest = createHash('sha256').update(directory).digest('hex').slice(0, 12);
  const folder = fits ? directory : join(tmpdir(), `seatrial-${digest}`);
  await mkdir(folder, { recursive: true, mode: 0o700 });
  return folder;
}
