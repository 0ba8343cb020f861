"""Nothing fails in silence: one alert for each cause, one word when it is over, to the channels people chose."""
