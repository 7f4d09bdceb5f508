import { InvalidArgumentError } from 'commander';

/** Reads an option as a whole number within bounds, both included. */
export const toWholeNumber =
  (min: number, max: number) =>
  (text: string): number => {
    const value = Number(text);
    if (!/^\d+$/.test(text) || value < min || value > max)
      throw new InvalidArgumentError(`Expected a whole number from ${min} to ${max}.`);
    return value;
  };

export const toPort = toWholeNumber(0, 65_535);
