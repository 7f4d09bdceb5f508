/** What the `seatrial` command ends with, unless it passes on another program's exit code. */
export const ExitCode = { ok: 0, problems: 1, usage: 2 } as const;
