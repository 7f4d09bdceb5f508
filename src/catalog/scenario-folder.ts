import { createHash } from 'node:crypto';
import { lstat, readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';

/** The files of one scenario, by their path from its folder with `/`. */
export interface ScenarioFolder {
  path: string;
  files: Map<string, string>;
  /** SHA-256 over all paths and contents, in hexadecimal. */
  contentHash: string;
  problems: { file: string; message: string }[];
}

const MAX_FILES = 300;
const MAX_FILE_BYTES = 512 * 1024;
const MAX_DEPTH = 4;

/** Reads a folder whole; links, large files and what cannot be read become problems. Never rejects. */
export async function readScenarioFolder(path: string): Promise<ScenarioFolder> {
  const files = new Map<string, string>();
  const problems: ScenarioFolder['problems'] = [];
  const note = (file: string, message: string) => problems.push({ file, message });

  const readEntry = async (name: string, level: number): Promise<void> => {
    try {
      const full = join(path, name);
      const stat = await lstat(full);
      if (stat.isDirectory()) return await readEntries(name, level + 1);
      if (!stat.isFile()) return void note(name, 'is a link or special file, which a scenario cannot have');
      if (stat.size > MAX_FILE_BYTES) return void note(name, `is larger than ${MAX_FILE_BYTES} bytes`);
      if (files.size >= MAX_FILES) return void note(name, `is one file too many: ${MAX_FILES} are allowed`);
      files.set(name, await readFile(full, 'utf8'));
    } catch (error) {
      note(name, `cannot be read: ${error instanceof Error ? error.message : String(error)}`);
    }
  };
  const readEntries = async (folder: string, level: number): Promise<void> => {
    if (level > MAX_DEPTH) return void note(folder, `is more than ${MAX_DEPTH} folders deep`);
    const names = (await readdir(join(path, folder))).filter((name) => !name.startsWith('.')).sort();
    for (const name of names) await readEntry(folder === '' ? name : `${folder}/${name}`, level);
  };

  try {
    await readEntries('', 0);
  } catch (error) {
    note('', `cannot be read: ${error instanceof Error ? error.message : String(error)}`);
  }
  return { path, files, contentHash: hashFiles(files), problems };
}

/** Lengths are hashed too, so that no two folders can be told the same by moving text between files. */
function hashFiles(files: ReadonlyMap<string, string>): string {
  const hash = createHash('sha256');
  for (const name of [...files.keys()].sort()) {
    const content = files.get(name) ?? '';
    hash.update(`${Buffer.byteLength(name)}:${name}${Buffer.byteLength(content)}:`).update(content);
  }
  return hash.digest('hex');
}
