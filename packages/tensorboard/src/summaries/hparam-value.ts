/** A hyperparameter. */
export type HparamValue = number | string | boolean;
