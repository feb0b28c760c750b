/** Statistics of samples: covariances, histograms; membership; integrals and derivatives of sampled functions. */
export * from './covariance.ts';
export * from './gradient.ts';
export * from './histograms.ts';
export * from './isin.ts';
export * from './trapezoid.ts';
