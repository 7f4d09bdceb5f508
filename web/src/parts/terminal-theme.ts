import type { ITheme } from '@xterm/xterm';

/** Colours that read well beside the page's own in light and dark. */
export function terminalTheme(): ITheme {
  return {
    background: '#0f1b24',
    foreground: '#e4edf1',
    cursor: '#7fd1de',
    selectionBackground: '#2f5a6b',
    black: '#1b2b36',
    red: '#f28b82',
    green: '#8fd6a5',
    yellow: '#f1cf7c',
    blue: '#86b7f0',
    magenta: '#cfa5ee',
    cyan: '#7fd1de',
    white: '#dbe5ea',
    brightBlack: '#6d8593',
    brightRed: '#ffaaa3',
    brightGreen: '#abe8bd',
    brightYellow: '#ffe09a',
    brightBlue: '#a9cdfb',
    brightMagenta: '#e0c1f8',
    brightCyan: '#a3e4ee',
    brightWhite: '#ffffff',
  };
}
