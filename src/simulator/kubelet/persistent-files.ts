import { type DirectoryNode, directory } from '../containers/file-tree.js';

/** The contents of the cluster's PersistentVolumes, by volume name; they outlive the pods that mount them. */
export class PersistentFiles {
  private readonly volumes = new Map<string, DirectoryNode>();

  constructor(private readonly now: () => number) {}

  open(volumeName: string): DirectoryNode {
    const known = this.volumes.get(volumeName);
    if (known) return known;
    const created = directory(this.now(), 0o777);
    this.volumes.set(volumeName, created);
    return created;
  }

  delete(volumeName: string): void {
    this.volumes.delete(volumeName);
  }
}
