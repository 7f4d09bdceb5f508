import type { Strategy } from './strategy.js';

/** The requester is who created it; no client can claim to be another. */
export const certificateSigningRequests: Strategy = {
  prepareForCreate(object, { caller }) {
    const { name, groups, uid, extra } = caller.user;
    object['spec'] = {
      ...(object['spec'] as object),
      username: name,
      groups: [...groups],
      ...(uid !== undefined && { uid }),
      ...(extra && { extra }),
    };
  },
  prepareForUpdate(next, previous) {
    next['spec'] = previous['spec'];
  },
};
