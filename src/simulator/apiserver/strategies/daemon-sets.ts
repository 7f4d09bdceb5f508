import type { DaemonSet } from '../../api/apps-v1.generated.js';
import { equalJson } from '../../machinery/json.js';
import { TEMPLATE_GENERATION } from '../../schema/defaults/apps.js';
import type { Strategy, Working } from './strategy.js';

const asDaemonSet = (object: Working) => object as unknown as DaemonSet;

/** Counts the pod templates that the set has had, in an annotation that only the server writes. */
export const daemonSets: Strategy = {
  prepareForCreate(object) {
    setTemplateGeneration(object, 1);
  },
  prepareForUpdate(next, previous) {
    const generation = Number(previous.metadata.annotations?.[TEMPLATE_GENERATION] ?? 1);
    const same = equalJson(asDaemonSet(next).spec?.template, asDaemonSet(previous).spec?.template);
    setTemplateGeneration(next, same ? generation : generation + 1);
  },
};

function setTemplateGeneration({ metadata }: Working, generation: number): void {
  metadata.annotations = { ...metadata.annotations, [TEMPLATE_GENERATION]: String(generation) };
}
