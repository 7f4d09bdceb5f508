import { useCallback, useEffect, useMemo, useRef, useState } from 'preact/hooks';
import { api, watchLab } from '../api/client';
import type { Lab, Scenario } from '../api/types';
import { LabBar } from '../parts/lab-bar';
import { isOpen, isUsable } from '../parts/lab-state';
import { oneAtATime } from '../parts/one-at-a-time';
import { Phases } from '../parts/phases';
import { StepList } from '../parts/step-list';
import { Terminals } from '../parts/terminals';
import { TopBar } from '../parts/top-bar';

/** The lab: text and checks on the left, terminals on the right; phases while the cluster is made. */
export function LabPage({ id }: { id: string }) {
  const { lab, scenario, problem, refresh } = useLab(id);
  const typeIntoTerminal = useRef<(text: string) => void>(undefined);
  const run = useCallback((text: string) => typeIntoTerminal.current?.(text), []);

  if (problem) {
    return (
      <>
        <TopBar />
        <p class="problem page" role="alert">
          {problem} <a href="#/">Back to the scenarios</a>
        </p>
      </>
    );
  }
  if (!lab || !scenario) return null;
  const usable = isUsable(lab);
  return (
    <div class="lab">
      <TopBar>
        <LabBar lab={lab} title={scenario.title} onChange={refresh} />
      </TopBar>
      <div class="lab-columns">
        <StepList lab={lab} scenario={scenario} onRun={usable ? run : undefined} onGraded={refresh} />
        <section class="workplace" aria-label="Terminals">
          {usable && (
            <Terminals
              labId={id}
              onReady={(type) => {
                typeIntoTerminal.current = type;
              }}
            />
          )}
          {(lab.state === 'queued' || lab.state === 'provisioning') && <Phases lab={lab} />}
          {!isOpen(lab) && <EndOfLab lab={lab} />}
        </section>
      </div>
    </div>
  );
}

function EndOfLab({ lab }: { lab: Lab }) {
  const words: Partial<Record<Lab['state'], string>> = {
    expired: 'The time of this lab is over.',
    ended: 'This lab has ended.',
    failed: 'This lab could not be kept afloat.',
  };
  return (
    <div class="end-of-lab" role="status">
      <h2>{words[lab.state]}</h2>
      {lab.reason && <p>{lab.reason}</p>}
      <p>
        {lab.points} of {lab.maxPoints} points
      </p>
      <a class="button primary" href="#/">
        Back to the scenarios
      </a>
    </div>
  );
}

/** The lab as the service tells it, kept current by its events, and its scenario's text. */
function useLab(id: string) {
  const [lab, setLab] = useState<Lab>();
  const [scenario, setScenario] = useState<Scenario>();
  const [problem, setProblem] = useState<string>();

  const refresh = useMemo(
    () =>
      oneAtATime(async () => {
        try {
          setLab(await api.lab(id));
        } catch (error) {
          setProblem(error instanceof Error ? error.message : String(error));
        }
      }),
    [id],
  );

  useEffect(() => {
    void refresh();
    return watchLab(id, () => void refresh());
  }, [id, refresh]);

  useEffect(() => {
    if (!lab) return;
    api.scenario(lab.scenario).then(setScenario, (error) => setProblem(error.message));
  }, [lab?.scenario]);

  return { lab, scenario, problem, refresh };
}
