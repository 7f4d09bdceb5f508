import { type Filter, rejectedForGood } from '../filter.js';

export const nodeName: Filter = (pod) => {
  const wanted = pod.spec.nodeName;
  if (!wanted) return undefined;
  return (node) =>
    node.name === wanted ? undefined : rejectedForGood("node(s) didn't match the requested node name");
};
