import type { Process } from '../process.js';

export interface LineReader {
  /** Shows the prompt on a terminal and resolves with the next line, undefined at the end of the input. */
  read(directory: string): Promise<string | undefined>;
  close(): void;
}

/** The lines of a pipe or a file, one after the other. */
export function pipedLines(process: Process): LineReader {
  const iterator = process.stdin?.[Symbol.asyncIterator]();
  let buffered = '';
  return {
    async read() {
      for (;;) {
        const end = buffered.indexOf('\n');
        if (end >= 0) {
          const line = buffered.slice(0, end);
          buffered = buffered.slice(end + 1);
          return line;
        }
        const next = await iterator?.next();
        if (!next || next.done) {
          const last = buffered;
          buffered = '';
          return last === '' ? undefined : last;
        }
        buffered += Buffer.from(next.value).toString();
      }
    },
    close() {
      process.stdin?.destroy();
    },
  };
}
