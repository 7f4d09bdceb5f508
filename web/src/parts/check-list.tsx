import type { Check, CheckState } from '../api/types';

const SIGNS: Record<CheckState, { sign: string; word: string }> = {
  passed: { sign: '✓', word: 'passed' },
  failed: { sign: '✗', word: 'not yet' },
  pending: { sign: '…', word: 'pending' },
  unknown: { sign: '?', word: 'could not check' },
};

/** The checks of one step, each with what was seen; before the first grading only their titles. */
export function CheckList({ checks, graded }: { checks: Check[]; graded: boolean }) {
  return (
    <ul class="checks">
      {checks.map((check) => {
        const { sign, word } = SIGNS[check.state];
        return (
          <li key={check.id} class={graded ? `check-${check.state}` : 'check-open'}>
            <span class="check-sign" aria-hidden="true">
              {graded ? sign : '○'}
            </span>
            <div>
              <p>
                {check.title} {graded && <span class="visually-hidden">({word})</span>}
              </p>
              {graded && check.state !== 'passed' && <p class="check-message">{check.message}</p>}
            </div>
            <span class="check-points">
              {check.points}/{check.maxPoints}
            </span>
          </li>
        );
      })}
    </ul>
  );
}
