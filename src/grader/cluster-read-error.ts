/** The cluster could not be asked, or not be asked within bounds. The message is fit for a learner. */
export class ClusterReadError extends Error {}
