"""Attribution: how much each neuron contributes to a score, by integrals along a path."""
