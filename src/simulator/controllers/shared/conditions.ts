/** The fields that conditions of apps and autoscaling kinds have in common. */
export interface StatusCondition {
  type: string;
  status: string;
  reason?: string | undefined;
  message?: string | undefined;
  lastTransitionTime?: string | undefined;
}

export function findCondition<T extends StatusCondition>(
  conditions: readonly T[] | undefined,
  type: string,
): T | undefined {
  return conditions?.find((condition) => condition.type === type);
}

/**
 * The conditions with `condition` in them, at the end. One of the same status and reason is left as it is; the transition
 * time moves only with the status.
 */
export function withCondition<T extends StatusCondition>(conditions: readonly T[], condition: T): T[] {
  const current = findCondition(conditions, condition.type);
  if (current?.status === condition.status && current.reason === condition.reason) return [...conditions];
  const { lastTransitionTime } = current?.status === condition.status ? current : condition;
  return [...withoutCondition(conditions, condition.type), { ...condition, lastTransitionTime }];
}

export function withoutCondition<T extends StatusCondition>(conditions: readonly T[], type: string): T[] {
  return conditions.filter((condition) => condition.type !== type);
}
