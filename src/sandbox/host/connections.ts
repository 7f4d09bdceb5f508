/** Something open that belongs to a sandbox and was opened on behalf of `subject`, e.g. an API token. */
interface Connection {
  sandboxId: string;
  subject: string;
  close: (reason: string) => void;
}

/** All open connections to a host's sandboxes, to be closed when the right to them ends. */
export class Connections {
  private readonly open = new Set<Connection>();

  /** Returns what to call when the connection has ended by itself. */
  add(connection: Connection): () => void {
    this.open.add(connection);
    return () => this.open.delete(connection);
  }

  closeSandbox(sandboxId: string, reason: string): void {
    this.closeWhere((connection) => connection.sandboxId === sandboxId, reason);
  }

  closeSubject(subject: string, reason: string): void {
    this.closeWhere((connection) => connection.subject === subject, reason);
  }

  closeAll(reason: string): void {
    this.closeWhere(() => true, reason);
  }

  private closeWhere(matches: (connection: Connection) => boolean, reason: string): void {
    for (const connection of [...this.open].filter(matches)) {
      this.open.delete(connection);
      connection.close(reason);
    }
  }
}
