import type { Lab } from '../api/types';

/** What happens while the cluster is made, with the seconds each part took. */
export function Phases({ lab }: { lab: Lab }) {
  return (
    <div class="phases" role="status">
      <h2>{lab.state === 'queued' ? 'Waiting for a place' : 'Making your cluster'}</h2>
      {lab.queue && <p>Number {lab.queue.place} in the queue.</p>}
      <ol>
        {lab.phases.map((phase) => (
          <li key={phase.name} class={`phase-${phase.state}`}>
            {phase.name} <span>{duration(phase.startedAt, phase.endedAt)}</span>
          </li>
        ))}
      </ol>
    </div>
  );
}

function duration(startedAt?: string, endedAt?: string): string {
  if (!startedAt || !endedAt) return '';
  return `${((Date.parse(endedAt) - Date.parse(startedAt)) / 1000).toFixed(1)} s`;
}
