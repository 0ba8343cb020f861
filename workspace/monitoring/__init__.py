"""What monitoring asks an installation: does it live, is everything there, what does it do."""
