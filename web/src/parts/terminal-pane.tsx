import { FitAddon } from '@xterm/addon-fit';
import { Terminal } from '@xterm/xterm';
import '@xterm/xterm/css/xterm.css';
import { useEffect, useRef, useState } from 'preact/hooks';
import { connectTerminal, type TerminalConnection } from '../api/terminal-connection';
import { terminalTheme } from './terminal-theme';

interface TerminalPaneProps {
  labId: string;
  number: number;
  visible: boolean;
  /** Told how to type into this terminal, so that code blocks can be run. */
  onReady: (type: (text: string) => void) => void;
}

/** One terminal of the lab; it stays connected while hidden. */
export function TerminalPane({ labId, number, visible, onReady }: TerminalPaneProps) {
  const place = useRef<HTMLDivElement>(null);
  const shown = useRef<{ terminal: Terminal; fit: FitAddon } | null>(null);
  const [notice, setNotice] = useState<string>();

  useEffect(() => {
    if (!place.current) return;
    const terminal = new Terminal({
      fontSize: 14,
      scrollback: 5000,
      theme: terminalTheme(),
      fontFamily: 'monospace',
    });
    const fit = new FitAddon();
    terminal.loadAddon(fit);
    terminal.open(place.current);
    shown.current = { terminal, fit };
    const connection = connect(terminal, labId, number, setNotice);
    terminal.onData((data) => connection.send(data));
    terminal.onResize(({ cols, rows }) => connection.resize(cols, rows));
    const resized = new ResizeObserver(() => fit.fit());
    resized.observe(place.current);
    onReady((text) => {
      connection.send(text);
      terminal.focus();
    });
    return () => {
      resized.disconnect();
      connection.close();
      terminal.dispose();
    };
  }, [labId, number]);

  useEffect(() => {
    if (!visible) return;
    shown.current?.fit.fit();
    shown.current?.terminal.focus();
  }, [visible]);

  return (
    <div class="terminal-pane" hidden={!visible} id={`terminal-${number}`} role="tabpanel">
      <div class="terminal-place" ref={place} />
      {notice && (
        <p class="terminal-notice" role="status">
          {notice}
        </p>
      )}
    </div>
  );
}

function connect(
  terminal: Terminal,
  labId: string,
  number: number,
  setNotice: (notice: string | undefined) => void,
): TerminalConnection {
  const connection = connectTerminal(labId, number, {
    onOutput: (bytes) => terminal.write(bytes),
    onConnected: (connected) => setNotice(connected ? undefined : 'Reconnecting… nothing is lost.'),
    onExit: (code) => setNotice(`The shell ended (${code}). Open the terminal again for a new one.`),
    onClosed: (reason) => setNotice(reason || 'This terminal is closed.'),
  });
  connection.resize(terminal.cols, terminal.rows);
  return connection;
}
