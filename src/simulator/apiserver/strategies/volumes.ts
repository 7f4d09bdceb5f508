import type { Strategy } from './strategy.js';

export const persistentVolumes: Strategy = {
  prepareForCreate(volume) {
    volume['status'] = { phase: 'Pending' };
  },
};

export const persistentVolumeClaims: Strategy = {
  prepareForCreate(claim) {
    claim['status'] = { phase: 'Pending' };
  },
};
