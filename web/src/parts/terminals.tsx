import { useRef, useState } from 'preact/hooks';
import { TerminalPane } from './terminal-pane';

const MOST_TERMINALS = 8;

interface TerminalsProps {
  labId: string;
  /** Told how to type into the terminal that is in front. */
  onReady: (type: (text: string) => void) => void;
}

/** Tabs of terminals; the first is there at once, others on demand. */
export function Terminals({ labId, onReady }: TerminalsProps) {
  const [numbers, setNumbers] = useState([1]);
  const [front, setFront] = useState(1);
  const typers = useRef(new Map<number, (text: string) => void>());

  const bringToFront = (number: number) => {
    setFront(number);
    const type = typers.current.get(number);
    if (type) onReady(type);
  };
  const add = () => {
    const next = numbers.length + 1;
    setNumbers([...numbers, next]);
    setFront(next);
  };

  return (
    <div class="terminals">
      <div class="tabs" role="tablist">
        {numbers.map((number) => (
          <button
            key={number}
            type="button"
            role="tab"
            aria-selected={number === front}
            aria-controls={`terminal-${number}`}
            onClick={() => bringToFront(number)}
          >
            Terminal {number}
          </button>
        ))}
        {numbers.length < MOST_TERMINALS && (
          <button type="button" class="quiet" onClick={add} aria-label="New terminal">
            +
          </button>
        )}
      </div>
      {numbers.map((number) => (
        <TerminalPane
          key={number}
          labId={labId}
          number={number}
          visible={number === front}
          onReady={(type) => {
            typers.current.set(number, type);
            onReady(type);
          }}
        />
      ))}
    </div>
  );
}
