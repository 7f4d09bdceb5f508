import type { Strategy, Working } from './strategy.js';

/** `stringData` is a way to write `data`: it is never stored; https://kubernetes.io/docs/concepts/configuration/secret/ */
function encodeStringData(secret: Working): void {
  const { stringData, data } = secret as {
    stringData?: Record<string, string>;
    data?: Record<string, string>;
  };
  if (stringData === undefined) return;
  const encoded = Object.entries(stringData).map(([key, text]) => [
    key,
    Buffer.from(text).toString('base64'),
  ]);
  secret['data'] = { ...data, ...Object.fromEntries(encoded) };
  delete secret['stringData'];
}

export const secrets: Strategy = {
  prepareForCreate: encodeStringData,
  prepareForUpdate: encodeStringData,
};
