// A sandboxed preload has Node's Buffer as a global, but can't require it.
/* global Buffer */
module.exports = { Buffer };
