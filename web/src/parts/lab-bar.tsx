import { useEffect, useState } from 'preact/hooks';
import { api } from '../api/client';
import type { Lab } from '../api/types';
import { isOpen, timeLeft } from './lab-state';

interface LabBarProps {
  lab: Lab;
  title: string;
  onChange: () => Promise<void>;
}

/** Points, time left, and the ways to get more of it or to end. */
export function LabBar({ lab, title, onChange }: LabBarProps) {
  const now = useClock();
  const [problem, setProblem] = useState<string>();

  const attempt = (action: () => Promise<unknown>) => async () => {
    try {
      setProblem(undefined);
      await action();
      await onChange();
    } catch (error) {
      setProblem(error instanceof Error ? error.message : String(error));
    }
  };
  const end = async () => {
    if (window.confirm('End this lab? Its cluster and its files will be gone.')) await api.end(lab.id);
  };

  return (
    <div class="lab-bar">
      <strong class="lab-title">{title}</strong>
      <span class="points">
        {lab.points}/{lab.maxPoints} points
      </span>
      {isOpen(lab) && (
        <>
          <span class="time-left" title="Time left">
            {timeLeft(lab.expiresAt, now)}
          </span>
          <button type="button" class="quiet" onClick={attempt(() => api.extend(lab.id))}>
            Extend
          </button>
          <button type="button" class="quiet" onClick={attempt(end)}>
            End lab
          </button>
        </>
      )}
      {problem && (
        <span class="problem" role="alert">
          {problem}
        </span>
      )}
    </div>
  );
}

function useClock(): number {
  const [now, setNow] = useState(Date.now());
  useEffect(() => {
    const timer = window.setInterval(() => setNow(Date.now()), 1000);
    return () => window.clearInterval(timer);
  }, []);
  return now;
}
