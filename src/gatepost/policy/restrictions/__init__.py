"""The restrictions, one function each, by what they are about. To add one, write it here with its table of cases."""
