// Marks the root of the module. What is required stands in versions/, one file for each version.
module example.test/barge/encoders/go-stdlib

go 1.19
