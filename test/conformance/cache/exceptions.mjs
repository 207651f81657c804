// Required cases that no cache can pass, each with its reason.

const NO_ANSWER =
  "the suite's origin cuts the connection each time it is asked, so that no answer can bear the number of the " +
  'request that the case then looks for; what is served is an error of the proxy, and nothing stale';

export const exceptions = {
  'stale-close-must-revalidate': NO_ANSWER,
  'stale-close-proxy-revalidate': NO_ANSWER,
  'stale-close-no-cache': NO_ANSWER,
  'stale-close-s-maxage=2': NO_ANSWER,
};
