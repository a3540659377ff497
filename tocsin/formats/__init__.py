"""How dates are written where Django knows only another custom. The other languages are as Django has them."""
