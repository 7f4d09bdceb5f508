import type { JsonObject } from '../../machinery/json.js';

/** Fills in one object of one type, not what is nested in it. */
export type Defaulter = (value: JsonObject) => void;
