import { useState } from 'preact/hooks';
import { api } from '../api/client';
import type { Lab, Scenario } from '../api/types';
import { CheckList } from './check-list';
import { isUsable } from './lab-state';
import { Markdown } from './markdown';

interface StepListProps {
  lab: Lab;
  scenario: Scenario;
  onRun: ((code: string) => void) | undefined;
  onGraded: () => Promise<void>;
}

/** The steps' texts, each with its checks, and the one button that grades. */
export function StepList({ lab, scenario, onRun, onGraded }: StepListProps) {
  const [grading, setGrading] = useState(false);
  const [graded, setGraded] = useState(
    lab.steps.some((step) => step.checks.some(({ state }) => state !== 'pending')),
  );
  const [outcome, setOutcome] = useState<string>();

  const grade = async () => {
    setGrading(true);
    try {
      const result = await api.grade(lab.id);
      setGraded(true);
      setOutcome(
        `${result.passed ? 'All done, well sailed' : 'Checked'}: ${result.points} of ${result.maxPoints} points.`,
      );
      await onGraded();
    } catch (error) {
      setOutcome(error instanceof Error ? error.message : String(error));
    } finally {
      setGrading(false);
    }
  };

  return (
    <main class="steps">
      <h1>{scenario.title}</h1>
      {scenario.steps.map((step) => (
        <section key={step.id} class="step">
          <h2>{step.title}</h2>
          <Markdown text={step.text} onRun={onRun} />
          <CheckList checks={lab.steps.find(({ id }) => id === step.id)?.checks ?? []} graded={graded} />
        </section>
      ))}
      <div class="grade">
        <button type="button" class="primary" onClick={grade} disabled={grading || !isUsable(lab)}>
          {grading ? 'Checking…' : 'Check'}
        </button>
        <span role="status">{outcome}</span>
      </div>
    </main>
  );
}
