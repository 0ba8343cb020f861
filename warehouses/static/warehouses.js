// What HTML alone cannot do on the pages of warehouses. Every page works without it.
"use strict";
