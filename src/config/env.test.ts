import { describe, expect, it } from 'vitest';
import { InvalidEnvironment, readEnvironment } from './env.js';

describe('readEnvironment', () => {
  it('needs nothing to be set', () => {
    const env = readEnvironment({});
    expect(env).toMatchObject({
      PORT: 3000,
      HOST: '127.0.0.1',
      SEATRIAL_ROLES: ['api', 'host'],
      SEATRIAL_DATA: '.data',
    });
    expect(env.DATABASE_URL).toBeUndefined();
  });

  it('names every bad variable at once', () => {
    const read = () =>
      readEnvironment({
        PORT: '80 80',
        SEATRIAL_ROLES: 'api,worker',
        DATABASE_URL: 'mysql://x',
        SEATRIAL_DRIVER: 'k3s',
        SEATRIAL_ADMIN_TOKEN: 'short',
      });
    expect(read).toThrow(InvalidEnvironment);
    try {
      read();
    } catch (error) {
      const names = (error as InvalidEnvironment).problems.map((problem) => problem.split(':')[0]);
      expect(names).toEqual([
        'PORT',
        'SEATRIAL_ROLES',
        'DATABASE_URL',
        'SEATRIAL_ADMIN_TOKEN',
        'SEATRIAL_DRIVER',
      ]);
    }
  });

  it('takes an empty variable as absent', () => {
    expect(readEnvironment({ PORT: '', DATABASE_URL: '' })).toMatchObject({ PORT: 3000 });
  });

  it('wants the longest life to be at least the usual one', () => {
    expect(() => readEnvironment({ SEATRIAL_LAB_MAX_MINUTES: '5' })).toThrow('SEATRIAL_LAB_MAX_MINUTES');
  });
});
