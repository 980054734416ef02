"""Be the telephony library of PBX CTI: it knows phone systems and nothing of its host."""
