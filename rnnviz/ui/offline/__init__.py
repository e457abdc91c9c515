"""The course as files of a disk: what each learn page shows, taken from the page itself, for classrooms without a network."""
