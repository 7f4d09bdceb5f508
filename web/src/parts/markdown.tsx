import DOMPurify from 'dompurify';
import { marked } from 'marked';
import { useEffect, useMemo, useRef } from 'preact/hooks';

interface MarkdownProps {
  text: string;
  /** Types a code block into the terminal; without it blocks can only be copied. */
  onRun?: ((code: string) => void) | undefined;
}

/** A step's text. The markdown comes from an instructor, so that what it renders to is sanitised before it is shown. */
export function Markdown({ text, onRun }: MarkdownProps) {
  const container = useRef<HTMLDivElement>(null);
  const html = useMemo(() => DOMPurify.sanitize(marked.parse(text, { async: false })), [text]);

  useEffect(() => {
    for (const block of container.current?.querySelectorAll('pre') ?? []) addButtons(block, onRun);
  }, [html, onRun]);

  return <div class="markdown" ref={container} dangerouslySetInnerHTML={{ __html: html }} />;
}

function addButtons(block: HTMLPreElement, onRun: MarkdownProps['onRun']): void {
  block.querySelector('.code-actions')?.remove();
  const code = block.querySelector('code');
  if (!code) return;
  const source = (code.textContent ?? '').trimEnd();
  const actions = document.createElement('span');
  actions.className = 'code-actions';
  const add = (label: string, onClick: () => void) => {
    const button = document.createElement('button');
    button.type = 'button';
    button.textContent = label;
    button.addEventListener('click', onClick);
    actions.append(button);
  };
  add('Copy', () => void navigator.clipboard.writeText(source));
  const isShell = /language-(sh|bash|shell)\b/.test(code.className);
  if (onRun && isShell) add('Run', () => onRun(`${source}\n`));
  block.append(actions);
}
