import { z } from 'zod';

/** One entry of the files under containers/images. */
export const imageSchema = z.strictObject({
  repository: z.string(),
  /** Every tag that this regular expression matches in full exists. */
  tags: z.string(),
  sizeBytes: z.number(),
  /** The operating system whose files and commands the image has; `none` for images of one binary. */
  base: z.enum(['debian', 'alpine', 'busybox', 'none']),
  entrypoint: z.array(z.string()).default([]),
  cmd: z.array(z.string()).default([]),
  /** `{version}` in a value stands for the version of the software that the tag names. */
  env: z.record(z.string(), z.string()).default({}),
  /** Version numbers by what a tag begins with; those that are given in full stand for themselves. */
  versions: z.record(z.string(), z.string()).default({}),
  workingDir: z.string().default('/'),
  /** `uid` or `uid:gid`. */
  user: z.string().default('0'),
  ports: z.array(z.number()).default([]),
  stopSignal: z.enum(['SIGTERM', 'SIGQUIT', 'SIGINT', 'SIGWINCH']).default('SIGTERM'),
  /** Path of an executable → name of the program (containers/programs) that runs. */
  programs: z.record(z.string(), z.string()).default({}),
  /** Commands of the shell that this image has besides those of its base. */
  tools: z.array(z.string()).default([]),
  files: z.record(z.string(), z.string()).default({}),
});

export type ImageEntry = z.infer<typeof imageSchema>;

/** An image as a node has it after a pull. */
export interface Image extends ImageEntry {
  /** `docker.io/library/nginx:1.25`. */
  name: string;
  tag: string;
  /** `docker.io/library/nginx@sha256:…`, as in a container's `imageID`. */
  id: string;
}
