/** The release whose behaviour is simulated, as its version string is written. */
export const KUBERNETES_VERSION = 'v1.36.2';
