/** Nest token of the address of Redis: `redis:`, `rediss:` or `unix:/path` URL. */
export const REDIS_ADDRESS = Symbol('REDIS_ADDRESS');

/** Options of ioredis and BullMQ for an address. Commands wait while Redis is away instead of failing (BullMQ needs it). */
export function redisOptions(address: string) {
  const url = new URL(address);
  const common = {
    maxRetriesPerRequest: null,
    retryStrategy: (times: number) => Math.min(50 * 2 ** times, 2_000),
  };
  if (url.protocol === 'unix:') return { ...common, path: decodeURIComponent(url.pathname) };
  return {
    ...common,
    host: url.hostname,
    port: Number(url.port || 6379),
    db: Number(url.pathname.slice(1) || 0),
    ...(url.username ? { username: decodeURIComponent(url.username) } : {}),
    ...(url.password ? { password: decodeURIComponent(url.password) } : {}),
    ...(url.protocol === 'rediss:' ? { tls: {} } : {}),
  };
}
