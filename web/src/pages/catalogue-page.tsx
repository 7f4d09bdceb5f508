import { useEffect, useState } from 'preact/hooks';
import { api } from '../api/client';
import type { Lab, ScenarioSummary } from '../api/types';
import { isOpen } from '../parts/lab-state';
import { goTo } from '../route';

export function CataloguePage() {
  const [scenarios, setScenarios] = useState<ScenarioSummary[]>();
  const [labs, setLabs] = useState<Lab[]>([]);
  const [problem, setProblem] = useState<string>();

  useEffect(() => {
    Promise.all([api.scenarios(), api.labs()])
      .then(([catalogue, mine]) => {
        setScenarios(catalogue.items);
        setLabs(mine.items.filter(isOpen));
      })
      .catch((error) => setProblem(error.message));
  }, []);

  if (problem)
    return (
      <p class="problem page" role="alert">
        {problem}
      </p>
    );
  if (!scenarios) return null;
  const titleOf = (id: string) => scenarios.find((scenario) => scenario.id === id)?.title ?? id;
  return (
    <main class="page">
      {labs.length > 0 && (
        <section>
          <h2>Under way</h2>
          <ul class="under-way">
            {labs.map((lab) => (
              <li key={lab.id}>
                <a href={`#/labs/${lab.id}`}>
                  <strong>{titleOf(lab.scenario)}</strong>
                  <span>
                    {lab.points} of {lab.maxPoints} points
                  </span>
                </a>
              </li>
            ))}
          </ul>
        </section>
      )}
      <section>
        <h1>Scenarios</h1>
        <ul class="cards">
          {scenarios.map((scenario) => (
            <ScenarioCard key={scenario.id} scenario={scenario} onProblem={setProblem} />
          ))}
        </ul>
      </section>
    </main>
  );
}

function ScenarioCard(props: { scenario: ScenarioSummary; onProblem: (message: string) => void }) {
  const { scenario, onProblem } = props;
  const [key] = useState(() => crypto.randomUUID());
  const [starting, setStarting] = useState(false);

  const start = async () => {
    setStarting(true);
    try {
      const lab = await api.startLab(scenario.id, key);
      goTo(`/labs/${lab.id}`);
    } catch (error) {
      onProblem(error instanceof Error ? error.message : String(error));
    }
  };

  return (
    <li class="card">
      <h3>{scenario.title}</h3>
      <p>{scenario.summary}</p>
      <p class="facts">
        <span>{scenario.level}</span> · <span>{scenario.minutes} minutes</span>
      </p>
      <button
        type="button"
        class="primary"
        onClick={start}
        disabled={starting}
        aria-label={`Start ${scenario.title}`}
      >
        {starting ? 'Starting…' : 'Start'}
      </button>
    </li>
  );
}
