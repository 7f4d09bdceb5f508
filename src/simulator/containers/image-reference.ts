/** An image's name in full, as containerd stores it. */
export interface ImageReference {
  /** With registry and path: `docker.io/library/nginx`. */
  repository: string;
  /** `latest` when neither tag nor digest is given. */
  tag: string;
  digest?: string;
}

const REFERENCE =
  /^((?:[a-zA-Z0-9](?:[a-zA-Z0-9.-]*[a-zA-Z0-9])?(?::\d+)?\/)?[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*(?:\/[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*)*)(?::(\w[\w.-]{0,127}))?(?:@(sha256:[0-9a-f]{64}))?$/;

/**
 * Reads an image name as container runtimes do: `nginx` is `docker.io/library/nginx:latest`. Returns undefined for what
 * is no valid reference. Grammar: https://github.com/distribution/reference
 */
export function parseImageReference(image: string): ImageReference | undefined {
  const match = REFERENCE.exec(image);
  if (!match?.[1]) return undefined;
  const [, name, tag, digest] = match;
  return { repository: withRegistry(name), tag: tag ?? 'latest', ...(digest && { digest }) };
}

function withRegistry(name: string): string {
  const slash = name.indexOf('/');
  if (slash < 0) return `docker.io/library/${name}`;
  const first = name.slice(0, slash);
  const hasRegistry = first.includes('.') || first.includes(':') || first === 'localhost';
  if (!hasRegistry) return `docker.io/${name}`;
  if (first === 'index.docker.io') return `docker.io${name.slice(slash)}`;
  return name;
}

/** `docker.io/library/nginx:1.25`. */
export function formatImageReference({ repository, tag, digest }: ImageReference): string {
  return digest ? `${repository}@${digest}` : `${repository}:${tag}`;
}
