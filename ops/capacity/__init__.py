"""`capacity`: how much one machine carries, measured; how much others would, by arithmetic that a run has checked."""
