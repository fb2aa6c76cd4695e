"""The configuration language: main.cf, master.cf, and what they mean.

lexer      lines and assignments           source     text that knows where it was written
expand     `$name` and its kin             findings   what is wrong, and where
param      how a parameter is declared     params/    all declarations
settings   the typed values                master     the entries of master.cf
matchlist  lists of patterns               checks     relations between values
load       reads a directory (the only module here that touches files)
"""
