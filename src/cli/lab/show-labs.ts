import { ExitCode } from '../exit-code.js';
import { formatTable } from '../table.js';
import { type Lab, labListShape, labShape } from './api-shapes.js';
import { printSteps } from './print-steps.js';
import { Service } from './service.js';

export const pathOf = (labId: string): string => `/labs/${encodeURIComponent(labId)}`;

export async function listLabs({ json }: { json?: boolean }): Promise<number> {
  const labs = await Service.fromEnvironment().get('/labs', labListShape);
  if (json) console.log(JSON.stringify(labs, null, 2));
  else
    console.log(
      formatTable(
        ['ID', 'SCENARIO', 'STATE', 'POINTS', 'EXPIRES'],
        labs.map((lab) => [
          lab.id,
          lab.scenario,
          lab.state,
          `${lab.points}/${lab.maxPoints}`,
          sayExpiry(lab),
        ]),
      ),
    );
  return ExitCode.ok;
}

export async function showLab(labId: string, { json }: { json?: boolean }): Promise<number> {
  const lab = await Service.fromEnvironment().get(pathOf(labId), labShape);
  if (json) console.log(JSON.stringify(lab, null, 2));
  else printLab(lab);
  return ExitCode.ok;
}

export async function extendLab(labId: string, { minutes }: { minutes?: number }): Promise<number> {
  const service = Service.fromEnvironment();
  const lab = await service.post(
    `${pathOf(labId)}/extend`,
    labShape,
    minutes === undefined ? {} : { minutes },
  );
  console.log(`expires ${sayExpiry(lab)}`);
  return ExitCode.ok;
}

export async function endLab(labId: string): Promise<number> {
  await Service.fromEnvironment().delete(pathOf(labId));
  console.log('ended');
  return ExitCode.ok;
}

function printLab(lab: Lab): void {
  const about = [lab.scenario, lab.driver, lab.state, lab.reason].filter(Boolean).join(', ');
  console.log(`${lab.id}: ${about}`);
  if (lab.queue?.place) console.log(`place ${lab.queue.place} in the queue`);
  for (const phase of lab.phases) console.log(`  ${phase.name}: ${phase.state}`);
  printSteps(lab.steps);
  console.log(`${lab.points} of ${lab.maxPoints} points; expires ${sayExpiry(lab)}`);
}

const sayExpiry = (lab: Lab): string => (lab.expiresAt ? new Date(lab.expiresAt).toLocaleString() : '-');
