/** Who sends a request, as authentication found out; https://kubernetes.io/docs/reference/access-authn-authz/authentication/ */
export interface UserInfo {
  name: string;
  groups: readonly string[];
  uid?: string;
  extra?: Record<string, string[]>;
}

/** What comes along with every write, whoever sends it. */
export interface Caller {
  user: UserInfo;
  /** Owner of the fields that the write sets. */
  fieldManager: string;
  /** Everything is done but the commit. */
  dryRun: boolean;
  /** Sends a warning to the client, next to the answer. */
  warn: (message: string) => void;
}

/** A caller inside the cluster's own programs; its name is also its field manager, without the `system:` before it. */
export function systemCaller(name: string, groups: readonly string[]): Caller {
  return {
    user: { name, groups },
    fieldManager: name.replace(/^system:(node:.*)?/, (_, node) => (node ? 'kubelet' : '')),
    dryRun: false,
    warn: () => undefined,
  };
}
