import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { ExitCode } from '../exit-code.js';
import { type Lab, labShape } from './api-shapes.js';
import { Service } from './service.js';
import { pathOf } from './show-labs.js';

const GONE_STATES = new Set(['failed', 'ended', 'expired', 'finished']);
const RECONNECT_AFTER_MS = 1000;

/** Starts a lab; its id goes to standard output, what happens to it to standard error. */
export async function startLab(
  scenario: string,
  options: { driver?: string; wait: boolean },
): Promise<number> {
  const service = Service.fromEnvironment();
  const body = { scenario, ...(options.driver !== undefined && { driver: options.driver }) };
  const lab = await service.post('/labs', labShape, body, { 'idempotency-key': randomUUID() });
  console.log(lab.id);
  if (!options.wait) return ExitCode.ok;
  const end = await follow(service, lab);
  if (end.state === 'ready') return ExitCode.ok;
  console.error(`the lab is ${end.state}${end.reason ? `: ${end.reason}` : ''}`);
  return ExitCode.problems;
}

/** Reports each change of state or phase once, until the lab is ready or will never be. */
async function follow(service: Service, first: Lab): Promise<Lab> {
  const told = new Set<string>();
  const isSettled = (lab: Lab) => lab.state === 'ready' || GONE_STATES.has(lab.state);
  const tell = (text: string) => {
    if (!told.has(text)) console.error(text);
    told.add(text);
  };
  const report = (lab: Lab) => {
    if (lab.queue?.place) tell(`place ${lab.queue.place} in the queue`);
    for (const phase of lab.phases) tell(`${phase.name}: ${phase.state}`);
    if (isSettled(lab)) tell(lab.state);
  };
  let lab = first;
  while (!isSettled(lab)) {
    const abort = new AbortController();
    try {
      for await (const _ of service.events(`${pathOf(lab.id)}/events`, abort.signal)) {
        lab = await service.get(pathOf(lab.id), labShape);
        report(lab);
        if (isSettled(lab)) break;
      }
    } finally {
      abort.abort();
    }
    if (!isSettled(lab)) await sleep(RECONNECT_AFTER_MS);
    lab = await service.get(pathOf(lab.id), labShape);
    report(lab);
  }
  return lab;
}
