/// The version of this Roost, the same for roostd and roostctl.
package enum RoostVersion {
    package static let current = "0.1.0"
}
