export default function AccountForm() {
  return null
}
